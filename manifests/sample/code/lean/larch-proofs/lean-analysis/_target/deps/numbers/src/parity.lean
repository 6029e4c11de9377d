/-
A dependency that was committed by mistake.
-/
theorem double_is_even (n : ℕ) : ∃ k, n + n = 2 * k :=
⟨n, (two_mul n).symm⟩
