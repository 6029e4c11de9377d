-- Addition of natural numbers is associative and commutative.
module Nat.Properties where

open import Relation.Binary.PropositionalEquality
  using (_≡_; refl; cong; sym; trans)

data ℕ : Set where
  zero : ℕ
  suc  : ℕ → ℕ

{-# BUILTIN NATURAL ℕ #-}

infixl 6 _+_
infixl 7 _*_

_+_ : ℕ → ℕ → ℕ
zero  + n = n
suc m + n = suc (m + n)

_*_ : ℕ → ℕ → ℕ
zero  * n = zero
suc m * n = n + m * n

+-assoc : ∀ m n p → (m + n) + p ≡ m + (n + p)
+-assoc zero    n p = refl
+-assoc (suc m) n p = cong suc (+-assoc m n p)

+-identityʳ : ∀ n → n + zero ≡ n
+-identityʳ zero    = refl
+-identityʳ (suc n) = cong suc (+-identityʳ n)

+-suc : ∀ m n → m + suc n ≡ suc (m + n)
+-suc zero    n = refl
+-suc (suc m) n = cong suc (+-suc m n)

+-comm : ∀ m n → m + n ≡ n + m
+-comm zero    n = sym (+-identityʳ n)
+-comm (suc m) n = trans (cong suc (+-comm m n)) (sym (+-suc n m))

*-distribʳ-+ : ∀ p m n → (m + n) * p ≡ m * p + n * p
*-distribʳ-+ p zero    n = refl
*-distribʳ-+ p (suc m) n =
  trans (cong (p +_) (*-distribʳ-+ p m n)) (sym (+-assoc p (m * p) (n * p)))
