"""What the document says of fields with a default."""

from __future__ import annotations

from relens.bootstrap.document import document


def test_an_answer_has_every_field_and_a_request_may_leave_those_with_a_default_out() -> None:
    schemas = document()["components"]["schemas"]
    answer, wish = schemas["AnswerOut"], schemas["DeploymentIn"]
    assert "default" in answer["properties"]["logged"]
    assert set(answer["required"]) == set(answer["properties"])
    assert set(wish["required"]) == {"name", "model_version"}


def test_a_part_of_a_request_is_a_request_also_where_answers_have_it() -> None:
    rule = document()["components"]["schemas"]["RuleIn"]
    assert {"metric", "operator", "value"} == set(rule["required"])


def test_the_document_lists_the_tasks() -> None:
    task = document()["components"]["schemas"]["ModelOut"]["properties"]["task"]
    assert task["enum"] == ["classification", "detection", "segmentation"]
