/-
Exercises of the first week.
-/
import tactic

variables {α : Type*} (p q r : Prop)

example : p ∧ q → q ∧ p :=
λ ⟨hp, hq⟩, ⟨hq, hp⟩

example : (p → q) → (¬q → ¬p) :=
λ h hq hp, hq (h hp)

theorem and_or_distrib : p ∧ (q ∨ r) ↔ (p ∧ q) ∨ (p ∧ r) :=
begin
  split,
  { rintro ⟨hp, hq | hr⟩,
    { exact or.inl ⟨hp, hq⟩ },
    { exact or.inr ⟨hp, hr⟩ } },
  { rintro (⟨hp, hq⟩ | ⟨hp, hr⟩),
    { exact ⟨hp, or.inl hq⟩ },
    { exact ⟨hp, or.inr hr⟩ } }
end

lemma not_not_lem : ¬¬(p ∨ ¬p) :=
λ h, h (or.inr (λ hp, h (or.inl hp)))

theorem cantor (f : α → set α) : ¬function.surjective f :=
begin
  intro hf,
  cases hf {x | x ∉ f x} with a ha,
  have h : a ∈ f a ↔ a ∉ f a := by { conv_lhs { rw ha }, refl },
  tauto,
end
