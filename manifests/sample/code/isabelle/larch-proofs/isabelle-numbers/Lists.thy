theory Lists
  imports Main
begin

fun insort :: "nat \<Rightarrow> nat list \<Rightarrow> nat list" where
  "insort x [] = [x]"
| "insort x (y # ys) = (if x \<le> y then x # y # ys else y # insort x ys)"

fun isort :: "nat list \<Rightarrow> nat list" where
  "isort [] = []"
| "isort (x # xs) = insort x (isort xs)"

lemma set_insort: "set (insort x xs) = insert x (set xs)"
  by (induction xs) auto

lemma sorted_insort: "sorted (insort x xs) = sorted xs"
  by (induction xs) (auto simp: set_insort)

theorem sorted_isort: "sorted (isort xs)"
  by (induction xs) (auto simp: sorted_insort)

theorem set_isort: "set (isort xs) = set xs"
  by (induction xs) (auto simp: set_insort)

end
