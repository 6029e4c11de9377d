-- Either a proof or a refutation, and how decisions combine.
module Decidable where

data ⊥ : Set where

¬_ : Set → Set
¬ P = P → ⊥

record _×_ (A B : Set) : Set where
  constructor _,_
  field
    fst : A
    snd : B
open _×_

data Dec (P : Set) : Set where
  yes : P → Dec P
  no  : ¬ P → Dec P

_and_ : ∀ {P Q} → Dec P → Dec Q → Dec (P × Q)
yes p and yes q = yes (p , q)
yes p and no ¬q = no (λ pq → ¬q (snd pq))
no ¬p and _     = no (λ pq → ¬p (fst pq))

negate : ∀ {P} → Dec P → Dec (¬ P)
negate (yes p) = no (λ ¬p → ¬p p)
negate (no ¬p) = yes ¬p

-- Double negation can be removed where the statement is decidable.
stable : ∀ {P} → Dec P → ¬ ¬ P → P
stable (yes p) _   = p
stable (no ¬p) ¬¬p with ¬¬p ¬p
... | ()

-- The law of the excluded middle is irrefutable.
not-not-lem : ∀ {P} → ¬ ¬ (Dec P)
not-not-lem k = k (no (λ p → k (yes p)))
