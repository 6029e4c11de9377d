theory Cantor
  imports Main
begin

text \<open>No function from a set onto its power set.\<close>

theorem cantor: "\<not> surj (f :: 'a \<Rightarrow> 'a set)"
proof
  assume "surj f"
  then obtain a where "f a = {x. x \<notin> f x}"
    by (metis surjD)
  then have "a \<in> f a \<longleftrightarrow> a \<notin> f a"
    by blast
  then show False
    by simp
qed

lemma drinker: "\<exists>x. P x \<longrightarrow> (\<forall>y. P y)"
proof (cases "\<forall>y. P y")
  case True
  then show ?thesis by simp
next
  case False
  then obtain a where "\<not> P a" by blast
  then have "P a \<longrightarrow> (\<forall>y. P y)" by simp
  then show ?thesis ..
qed

end
