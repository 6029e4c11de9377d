import Mathlib.Tactic

/-! Limits of sequences of real numbers, in Lean 4. -/

namespace Course

def Tends (u : ℕ → ℝ) (l : ℝ) : Prop :=
  ∀ ε > 0, ∃ N, ∀ n ≥ N, |u n - l| < ε

theorem Tends.const (c : ℝ) : Tends (fun _ => c) c := by
  intro ε hε
  exact ⟨0, fun n _ => by simpa using hε⟩

theorem Tends.add {u v : ℕ → ℝ} {a b : ℝ} (hu : Tends u a) (hv : Tends v b) :
    Tends (fun n => u n + v n) (a + b) := by
  intro ε hε
  obtain ⟨M, hM⟩ := hu (ε / 2) (by linarith)
  obtain ⟨N, hN⟩ := hv (ε / 2) (by linarith)
  refine ⟨max M N, fun n hn => ?_⟩
  have h₁ := hM n (le_trans (le_max_left _ _) hn)
  have h₂ := hN n (le_trans (le_max_right _ _) hn)
  rw [abs_lt] at *
  constructor <;> linarith [h₁.1, h₁.2, h₂.1, h₂.2]

/-- A convergent sequence is bounded from some index on. -/
theorem Tends.eventually_bounded {u : ℕ → ℝ} {a : ℝ} (hu : Tends u a) :
    ∃ N, ∀ n ≥ N, |u n| < |a| + 1 := by
  obtain ⟨N, hN⟩ := hu 1 one_pos
  refine ⟨N, fun n hn => ?_⟩
  calc |u n| = |(u n - a) + a| := by ring_nf
    _ ≤ |u n - a| + |a| := abs_add _ _
    _ < |a| + 1 := by linarith [hN n hn]

end Course
