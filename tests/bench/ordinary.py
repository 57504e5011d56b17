# ruff: noqa: F821 (it runs as a cell, where `spark` is there)
# What people commonly ask of Spark: none of it should load the engine's second module (`called_functions.mjs`).
from pyspark.sql import Window
from pyspark.sql import functions as F

df = spark.createDataFrame(
    [(1, "a", 2.5, None), (2, "b", 3.5, "x"), (3, "a", None, "y")], "id int, k string, v double, s string"
)
other = spark.createDataFrame([("a", 10), ("c", 30)], "k string, n bigint")




# Looking at data.
df.show()
df.printSchema()
df.describe().show()
df.summary().show()
print(df.count(), df.collect(), df.first(), df.take(2), df.isEmpty(), df.dtypes)
for frame in [
    df.dropna(),
    df.fillna({"s": "z", "v": 0.0}),
    df.distinct(),
    df.dropDuplicates(["k"]),
    df.withColumnRenamed("v", "w").drop("s").orderBy(F.desc("id")).limit(2),
    df.unpivot("id", ["v"], "n", "x"),
    df.selectExpr("stack(2, 'a', id, 'b', id)"),
    df.sample(0.5, seed=1),
]:
    frame.show()

# Aggregates and windows.
aggregates = [F.count("*"), F.sum("v"), F.avg("v"), F.min("v"), F.max("v"), F.min("k"), F.countDistinct("id"), F.countDistinct("k")]
aggregates += [F.collect_list("id"), F.collect_set("id"), F.stddev("v"), F.first("id"), F.last("k"), F.approx_count_distinct("id")]
aggregates += [F.median("v"), F.percentile_approx("v", 0.5), F.corr("id", "v")]
df.groupBy("k").agg(*aggregates).show()
df.agg(*aggregates).show()
df.groupBy("k").pivot("id").sum("v").show()
df.rollup("k").count().show()
df.cube("k", "id").count().show()
window = Window.partitionBy("k").orderBy("id")
ranks = [F.row_number(), F.rank(), F.dense_rank(), F.lag("v"), F.lead("v"), F.sum("v"), F.ntile(2)]
df.select("*", *[rank.over(window) for rank in ranks], F.avg("v").over(window.rowsBetween(-1, 1))).show()

# Joins and sets.
for how in ["inner", "left", "right", "outer", "left_semi", "left_anti"]:
    df.join(other, "k", how).show()
df.crossJoin(other).show()
df.alias("a").join(df.alias("b"), F.col("a.id") < F.col("b.id")).show()
df.join(F.broadcast(other), "k").explain(True)
for frame in [df.union(df), df.unionByName(df), df.intersect(df), df.subtract(df.limit(1))]:
    frame.show()

# Text, numbers, time.
k, s, v, number = F.col("k"), F.col("s"), F.col("v"), F.col("id")
text = [F.upper(k), F.lower(k), F.length(k), F.concat(k, F.lit("-"), s), F.concat_ws(",", k, s), F.substring(k, 1, 1), F.trim(k)]
text += [F.regexp_replace(k, "a", "b"), F.regexp_extract(k, "(a)", 1), F.split(k, "a"), F.lpad(k, 5, "0"), F.initcap(k), F.instr(k, "a")]
text += [k.like("a%"), k.rlike("a"), k.isin("a", "b"), k.contains("a"), k.startswith("a"), F.md5(k), F.sha2(k, 256), F.hash(k)]
df.select(text).show()
numbers = [F.round(v, 1), F.abs(v), F.sqrt(v), F.pow(v, 2), F.floor(v), F.ceil(v), F.exp(v), F.log(v), F.rand(1), F.format_number(v, 2)]
numbers += [number.cast("string"), number.cast("double"), number.cast("decimal(10,2)") * 1.5, F.greatest(number, v), F.least(number, v)]
numbers += [F.when(number > 1, "big").otherwise("small"), F.coalesce(s, k), F.isnull(s), F.monotonically_increasing_id()]
df.select(numbers).show()
when = spark.sql("select date'2024-01-15' d, timestamp'2024-01-15 10:30:00' t, '2024-02-01' s")
d, t = F.col("d"), F.col("t")
times = [F.year(d), F.quarter(d), F.month(d), F.weekofyear(d), F.dayofmonth(d), F.dayofweek(d), F.hour(t), F.minute(t), F.last_day(d)]
times += [F.date_add(d, 3), F.datediff(d, F.to_date("s")), F.months_between(d, F.to_date("s")), F.add_months(d, 1), F.next_day(d, "Mon")]
times += [F.date_format(t, "yyyy-MM-dd HH:mm"), F.to_timestamp("s"), F.date_trunc("month", t), F.trunc(d, "year"), F.current_date()]
times += [F.current_timestamp(), F.unix_timestamp(t), F.from_unixtime(F.lit(0))]
when.select(times).show()

# Nested values.
nested = spark.sql("""select array(3, 1, 2) xs, map('a', 1, 'b', 2) m, named_struct('x', 1, 'y', 'z') s, '{"p": 1, "q": [1, 2]}' j""")
for column in [F.explode("xs"), F.posexplode("xs"), F.explode("m")]:
    nested.select(column).show()
xs = F.col("xs")
inside = [F.size(xs), F.array_contains(xs, 1), F.sort_array(xs), F.array_join(xs.cast("array<string>"), ","), F.element_at(xs, 1)]
inside += [F.transform(xs, lambda x: x + 1), F.filter(xs, lambda x: x > 1), F.aggregate(xs, F.lit(0), lambda x, y: x + y)]
inside += [F.array_distinct(xs), F.array_union(xs, xs), F.flatten(F.array(xs, xs)), F.slice(xs, 1, 2), F.array("s"), F.struct("xs")]
inside += [F.col("m")["a"], F.col("s.x"), F.map_keys("m"), F.map_values("m"), F.to_json("s"), F.get_json_object("j", "$.p")]
inside += [F.from_json("j", "p int, q array<int>")]
nested.select(inside).show(truncate=False)

# Files, tables, SQL.
df.write.mode("overwrite").parquet("ordinary/parquet")
spark.read.parquet("ordinary/parquet").where("k = 'a' and id > 1").show()
df.write.mode("overwrite").partitionBy("k").parquet("ordinary/partitioned")
spark.read.parquet("ordinary/partitioned").where("k = 'a'").show()
df.write.mode("overwrite").option("header", True).csv("ordinary/csv")
spark.read.option("header", True).option("inferSchema", True).csv("ordinary/csv").show()
df.write.mode("overwrite").json("ordinary/json")
spark.read.json("ordinary/json").show()
spark.read.text("ordinary/json").show()
df.write.mode("overwrite").saveAsTable("ordinary")
spark.table("ordinary").show()
for statement in ["show tables", "describe ordinary", "drop table ordinary"]:
    spark.sql(statement).show()
print(spark.catalog.listTables(), spark.conf.get("spark.sql.shuffle.partitions"))
df.createOrReplaceTempView("df")
spark.sql("""
    with sums as (select k, sum(v) s from df group by k having sum(v) > 0)
    select * from sums where k in (select k from df) and exists (select 1 from df d where d.k = sums.k) order by s desc limit 5
""").show()
spark.sql("select case when v is null then 0 else v end, id between 1 and 2, k || '!', nvl(s, ''), try_divide(1, 0) from df").show()
spark.range(1000).selectExpr("id % 7 g", "id * 2 x").repartition(4).groupBy("g").sum("x").orderBy("g").show()
df.cache().count()
df.unpersist()

# Mistakes.
for mistake in ["select nope from df", "selec 1", "select cast('x' as int)", "select * from nowhere"]:
    try:
        spark.sql(mistake).show()
    except Exception as error:
        print(str(error).splitlines()[0])
