(** Even and odd numbers, by induction and by computation. *)
Require Import Arith Lia.

Inductive even : nat -> Prop :=
| even_0 : even 0
| even_SS : forall n, even n -> even (S (S n)).

Fixpoint evenb (n : nat) : bool :=
  match n with
  | 0 => true
  | 1 => false
  | S (S m) => evenb m
  end.

Lemma even_double : forall n, even n -> exists k, n = k + k.
Proof.
  intros n H. induction H as [| n H [k IH]].
  - exists 0. reflexivity.
  - exists (S k). lia.
Qed.

Lemma double_even : forall k, even (k + k).
Proof.
  induction k as [| k IH].
  - constructor.
  - replace (S k + S k) with (S (S (k + k))) by lia.
    constructor. exact IH.
Qed.

Lemma evenb_sound : forall n, evenb n = true -> even n.
Proof.
  assert (H : forall n, (evenb n = true -> even n) /\ (evenb (S n) = true -> even (S n))).
  { induction n as [| n [IH1 IH2]]; split; intro E.
    - constructor.
    - discriminate.
    - exact (IH2 E).
    - constructor. apply IH1. exact E. }
  intro n. apply H.
Qed.

Theorem even_plus : forall m n, even m -> even n -> even (m + n).
Proof.
  intros m n Hm Hn. induction Hm as [| m Hm IH].
  - exact Hn.
  - simpl. constructor. exact IH.
Qed.
