"""The session: versions, configuration, errors as the client raises them."""

import warnings

import pytest
from pyspark.errors import AnalysisException, ArithmeticException, ParseException


def test_version_is_that_of_the_protocol(spark):
    assert spark.version == "4.2.0"


def test_configuration_is_kept_by_session(spark):
    spark.conf.set("spark.sql.shuffle.partitions", "7")
    assert spark.conf.get("spark.sql.shuffle.partitions") == "7"
    spark.conf.unset("spark.sql.shuffle.partitions")
    assert spark.conf.get("my.own", "fallback") == "fallback"


def test_the_application_is_named_in_its_configuration(spark):
    assert spark.conf.get("spark.app.name") == "Kindling"
    assert spark.conf.get("spark.app.id").startswith("local-")
    assert spark.conf.get("spark.master").startswith("local-cluster[")
    with pytest.raises(AnalysisException, match="CANNOT_MODIFY_CONFIG"):
        spark.conf.set("spark.app.id", "another")


def test_a_key_without_effect_says_so_when_it_is_set(spark):
    with pytest.warns(UserWarning, match="spark.sql.no.such.key has no effect"):
        spark.conf.set("spark.sql.no.such.key", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        spark.conf.set("my.own.key", "1")
        spark.conf.set("spark.sql.shuffle.partitions", "7")
    spark.conf.unset("spark.sql.shuffle.partitions")


def test_a_builder_warns_of_what_cannot_change_any_more_but_not_of_its_name(spark):
    with pytest.warns(UserWarning, match="spark.executor.memory cannot change once the cluster runs"):
        spark.conf._set_all({"spark.executor.memory": "7g"}, silent=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        spark.conf._set_all({"spark.app.name": "mine"}, silent=True)


def test_static_configuration_is_refused(spark):
    with pytest.raises(AnalysisException, match="CANNOT_MODIFY_STATIC_CONFIG"):
        spark.conf.set("spark.sql.warehouse.dir", "elsewhere")


def test_unknown_column_names_what_could_be_meant(spark):
    with pytest.raises(AnalysisException) as error:
        spark.range(3).select("idd").collect()
    assert error.value.getCondition() == "UNRESOLVED_COLUMN.WITH_SUGGESTION"
    assert error.value.getSqlState() == "42703"
    assert error.value.getMessageParameters()["proposal"] == "`id`"


def test_syntax_error_shows_where(spark):
    with pytest.raises(ParseException) as error:
        spark.sql("SELEC 1")
    assert error.value.getCondition() == "PARSE_SYNTAX_ERROR"
    assert "SELEC 1" in str(error.value)


def test_division_by_zero_shows_the_fragment(spark):
    with pytest.raises(ArithmeticException) as error:
        spark.sql("SELECT id / 0 AS x FROM range(2)").collect()
    assert error.value.getCondition() == "DIVIDE_BY_ZERO"
    assert error.value.getQueryContext()[0].fragment() == "id / 0"


def test_missing_path_is_named(spark):
    with pytest.raises(AnalysisException) as error:
        spark.read.csv("no/such/file.csv").collect()
    assert error.value.getCondition() == "PATH_NOT_FOUND"


def test_missing_table_is_named(spark):
    with pytest.raises(AnalysisException) as error:
        spark.table("nowhere").collect()
    assert error.value.getCondition() == "TABLE_OR_VIEW_NOT_FOUND"
