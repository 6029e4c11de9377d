/-
Triangular numbers and sums of cubes.
-/
import algebra.big_operators.intervals
import tactic.ring

open_locale big_operators

namespace triangle

/-- The `n`-th triangular number. -/
def T (n : ℕ) : ℕ := ∑ k in finset.range (n + 1), k

lemma T_succ (n : ℕ) : T (n + 1) = T n + (n + 1) :=
by simp [T, finset.sum_range_succ]

theorem two_mul_T (n : ℕ) : 2 * T n = n * (n + 1) :=
begin
  induction n with n ih,
  { refl },
  { rw [T_succ, mul_add, ih, nat.succ_eq_add_one],
    ring }
end

theorem sum_cubes (n : ℕ) :
  ∑ k in finset.range (n + 1), k ^ 3 = (T n) ^ 2 :=
begin
  induction n with n ih,
  { simp [T] },
  { rw [finset.sum_range_succ, ih, T_succ],
    have h := two_mul_T n,
    nlinarith [h] }
end

end triangle
