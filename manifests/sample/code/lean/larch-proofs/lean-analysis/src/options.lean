/-
Options only; nothing is defined or proved here.
-/
import data.real.basic
open real
set_option pp.unicode true
