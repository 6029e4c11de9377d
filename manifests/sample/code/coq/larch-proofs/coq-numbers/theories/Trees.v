(** Binary trees: mirroring is an involution and keeps the size. *)
Require Import List Lia.
Import ListNotations.

Section Trees.
Variable A : Type.

Inductive tree : Type :=
| leaf : tree
| node : tree -> A -> tree -> tree.

Fixpoint mirror (t : tree) : tree :=
  match t with
  | leaf => leaf
  | node l x r => node (mirror r) x (mirror l)
  end.

Fixpoint size (t : tree) : nat :=
  match t with
  | leaf => 0
  | node l _ r => S (size l + size r)
  end.

Fixpoint inorder (t : tree) : list A :=
  match t with
  | leaf => []
  | node l x r => inorder l ++ [x] ++ inorder r
  end.

Theorem mirror_mirror : forall t, mirror (mirror t) = t.
Proof.
  induction t as [| l IHl x r IHr]; simpl; congruence.
Qed.

Theorem size_mirror : forall t, size (mirror t) = size t.
Proof.
  induction t as [| l IHl x r IHr]; simpl; lia.
Qed.

Theorem inorder_mirror : forall t, inorder (mirror t) = rev (inorder t).
Proof.
  induction t as [| l IHl x r IHr]; simpl.
  - reflexivity.
  - rewrite rev_app_distr. simpl. rewrite IHl, IHr, <- app_assoc. reflexivity.
Qed.

End Trees.
