/-
Notation only; nothing is proved here.
-/
notation `‖` x `‖` := abs x
notation x ` ≡[` n `] ` y := x % n = y % n
