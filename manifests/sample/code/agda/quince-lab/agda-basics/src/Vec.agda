-- Vectors know their length, so a lookup cannot fail.
module Vec where

open import Nat.Properties using (ℕ; zero; suc; _+_)
open import Relation.Binary.PropositionalEquality using (_≡_; refl; cong)

data Vec (A : Set) : ℕ → Set where
  []  : Vec A zero
  _∷_ : ∀ {n} → A → Vec A n → Vec A (suc n)

infixr 5 _∷_ _++_

data Fin : ℕ → Set where
  zero : ∀ {n} → Fin (suc n)
  suc  : ∀ {n} → Fin n → Fin (suc n)

lookup : ∀ {A n} → Vec A n → Fin n → A
lookup (x ∷ xs) zero    = x
lookup (x ∷ xs) (suc i) = lookup xs i

_++_ : ∀ {A m n} → Vec A m → Vec A n → Vec A (m + n)
[]       ++ ys = ys
(x ∷ xs) ++ ys = x ∷ (xs ++ ys)

map : ∀ {A B n} → (A → B) → Vec A n → Vec B n
map f []       = []
map f (x ∷ xs) = f x ∷ map f xs

map-∘ : ∀ {A B C n} (g : B → C) (f : A → B) (xs : Vec A n)
      → map g (map f xs) ≡ map (λ x → g (f x)) xs
map-∘ g f []       = refl
map-∘ g f (x ∷ xs) = cong (g (f x) ∷_) (map-∘ g f xs)

lookup-map : ∀ {A B n} (f : A → B) (xs : Vec A n) (i : Fin n)
           → lookup (map f xs) i ≡ f (lookup xs i)
lookup-map f (x ∷ xs) zero    = refl
lookup-map f (x ∷ xs) (suc i) = lookup-map f xs i
