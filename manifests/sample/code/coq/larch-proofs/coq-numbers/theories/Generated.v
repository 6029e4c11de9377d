(* This file was automatically generated from the grammar; do not edit. *)
Inductive token : Set :=
| T_plus : token
| T_minus : token
| T_times : token.

Definition eqb (a b : token) : bool :=
  match a, b with
  | T_plus, T_plus => true
  | T_minus, T_minus => true
  | T_times, T_times => true
  | _, _ => false
  end.
