from engine import samples, tags


def test_the_news_we_wrote_is_sound():
    news = samples.news()
    assert len(news) >= 240
    assert [document.id for document in news] == [f"s{number:03d}" for number in range(1, len(news) + 1)]
    assert len({document.text for document in news}) == len(news)
    assert {span.label for document in news for span in document.spans} == {"PER", "LOC", "ORG"}
    assert all(document.annotated == ("PER", "LOC", "ORG") for document in news)
    assert 0.15 <= sum(not document.spans for document in news) / len(news) <= 0.25
    assert all(tags.flatten(document.spans) == sorted(document.spans) for document in news)


def test_the_examples_are_eight_and_explained_in_both_languages():
    examples = samples.examples()
    assert len({example.id for example in examples}) == len(examples) == 8
    assert all(example.text and example.note_zh and example.note_en for example in examples)
    assert any("😀" in example.text for example in examples)
    assert any("𠮷" in example.text for example in examples)
    assert any(len(example.text) >= 150 for example in examples)
