/-
The squeeze theorem for sequences, from the definition.
-/
import data.real.basic
import tactic.linarith

def converges_to (u : ℕ → ℝ) (l : ℝ) : Prop :=
∀ ε > 0, ∃ N, ∀ n ≥ N, |u n - l| ≤ ε

theorem squeeze {u v w : ℕ → ℝ} {l : ℝ}
  (hu : converges_to u l) (hw : converges_to w l)
  (h : ∀ n, u n ≤ v n) (h' : ∀ n, v n ≤ w n) : converges_to v l :=
begin
  intros ε hε,
  cases hu ε hε with N hN,
  cases hw ε hε with N' hN',
  use max N N',
  intros n hn,
  have a := abs_le.1 (hN n (le_trans (le_max_left _ _) hn)),
  have b := abs_le.1 (hN' n (le_trans (le_max_right _ _) hn)),
  rw abs_le,
  split; linarith [h n, h' n],
end

theorem const_converges (a : ℝ) : converges_to (λ _, a) a :=
begin
  intros ε hε,
  use 0,
  intros n _,
  simp [le_of_lt hε],
end

lemma limit_unique {u : ℕ → ℝ} {l l' : ℝ}
  (h : converges_to u l) (h' : converges_to u l') : l = l' :=
begin
  apply eq_of_abs_sub_le_all,
  intros ε hε,
  cases h (ε / 2) (half_pos hε) with N hN,
  cases h' (ε / 2) (half_pos hε) with N' hN',
  have a := abs_le.1 (hN (max N N') (le_max_left _ _)),
  have b := abs_le.1 (hN' (max N N') (le_max_right _ _)),
  rw abs_le,
  split; linarith,
end
