(** Closed formulas for sums, proved by induction. *)
Require Import Arith Lia.

Fixpoint sum (f : nat -> nat) (n : nat) : nat :=
  match n with
  | 0 => f 0
  | S m => sum f m + f (S m)
  end.

Theorem gauss : forall n, 2 * sum (fun k => k) n = n * (n + 1).
Proof.
  induction n as [| n IH].
  - reflexivity.
  - cbn [sum]. nia.
Qed.

Theorem squares : forall n,
  6 * sum (fun k => k * k) n = n * (n + 1) * (2 * n + 1).
Proof.
  induction n as [| n IH].
  - reflexivity.
  - cbn [sum]. nia.
Qed.

(** The sum of the first odd numbers is a square. *)
Theorem odds : forall n, sum (fun k => 2 * k + 1) n = (n + 1) * (n + 1).
Proof.
  induction n as [| n IH].
  - reflexivity.
  - cbn [sum]. nia.
Qed.

Lemma sum_ext : forall f g n,
  (forall k, f k = g k) -> sum f n = sum g n.
Proof.
  intros f g n H. induction n as [| n IH]; simpl.
  - apply H.
  - rewrite IH, H. reflexivity.
Qed.
