(** The algorithm of Euclid by well-founded recursion, and what it computes. *)
Require Import Arith Lia.
Require Import Wf_nat Recdef.

Function gcd (a b : nat) {measure (fun x => x) b} : nat :=
  match b with
  | 0 => a
  | S _ => gcd b (a mod b)
  end.
Proof.
  intros a b n E. apply Nat.mod_upper_bound. discriminate.
Defined.

Definition divides (d n : nat) : Prop := exists k, n = k * d.

Lemma divides_plus : forall d m n, divides d m -> divides d n -> divides d (m + n).
Proof.
  intros d m n [j Hj] [k Hk]. exists (j + k). subst. lia.
Qed.

Lemma divides_mult : forall d m n, divides d n -> divides d (m * n).
Proof.
  intros d m n [k Hk]. exists (m * k). subst. lia.
Qed.

Theorem gcd_divides : forall a b, divides (gcd a b) a /\ divides (gcd a b) b.
Proof.
  intros a b. functional induction (gcd a b) as [a b | a b n E IH].
  - split; [exists 1 | exists 0]; lia.
  - destruct IH as [Hb Hr]. split.
    + rewrite (Nat.div_mod a (S n)) by discriminate.
      apply divides_plus; [rewrite Nat.mul_comm; apply divides_mult |]; assumption.
    + assumption.
Qed.
