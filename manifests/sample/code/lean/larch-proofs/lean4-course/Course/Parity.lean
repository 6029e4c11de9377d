import Mathlib.Tactic

/-! Even and odd integers, in Lean 4. -/

namespace Course

def IsEven (n : ℤ) : Prop := ∃ k, n = 2 * k

def IsOdd (n : ℤ) : Prop := ∃ k, n = 2 * k + 1

theorem IsEven.add {m n : ℤ} (hm : IsEven m) (hn : IsEven n) : IsEven (m + n) := by
  obtain ⟨a, rfl⟩ := hm
  obtain ⟨b, rfl⟩ := hn
  exact ⟨a + b, by ring⟩

theorem IsOdd.mul {m n : ℤ} (hm : IsOdd m) (hn : IsOdd n) : IsOdd (m * n) := by
  obtain ⟨a, rfl⟩ := hm
  obtain ⟨b, rfl⟩ := hn
  exact ⟨2 * a * b + a + b, by ring⟩

theorem even_or_odd (n : ℤ) : IsEven n ∨ IsOdd n := by
  rcases Int.emod_two_eq_zero_or_one n with h | h
  · exact Or.inl ⟨n / 2, by omega⟩
  · exact Or.inr ⟨n / 2, by omega⟩

theorem not_even_and_odd (n : ℤ) : ¬(IsEven n ∧ IsOdd n) := by
  rintro ⟨⟨a, ha⟩, ⟨b, hb⟩⟩
  omega

/-- The product of four consecutive integers and one is a square. -/
theorem four_consecutive (n : ℤ) :
    n * (n + 1) * (n + 2) * (n + 3) + 1 = (n ^ 2 + 3 * n + 1) ^ 2 := by
  ring

end Course
