"""What a process remembers of its answers."""

import threading

from routing.webhook.memory import LatestAnswers


def test_the_first_answer_stands() -> None:
    answers = LatestAnswers()

    assert answers.find("call") is None
    assert answers.keep("call", b"first") == (b"first", True)
    assert answers.keep("call", b"second") == (b"first", False)
    assert answers.find("call") == b"first"


def test_calls_without_an_id_are_not_remembered() -> None:
    answers = LatestAnswers()

    assert answers.keep(None, b"first") == (b"first", True)
    assert answers.keep(None, b"second") == (b"second", True)
    assert answers.find(None) is None


def test_the_latest_are_remembered_and_not_many_more() -> None:
    """Sabotage seen to fail: forget all when the memory is full, or nothing."""
    answers = LatestAnswers(capacity=3)
    for number in range(20):
        answers.keep(f"call-{number}", str(number).encode())
        remembered = [earlier for earlier in range(20) if answers.find(f"call-{earlier}") is not None]

        assert remembered[-3:] == list(range(number + 1))[-3:]
        assert len(remembered) <= 6
    assert answers.find("call-18") == b"18"


def test_everything_can_be_forgotten() -> None:
    answers = LatestAnswers()
    answers.keep("a", b"a")
    answers.forget()

    assert answers.find("a") is None


def test_of_many_threads_one_answers() -> None:
    answers = LatestAnswers()
    barrier = threading.Barrier(8)
    given: list[tuple[bytes, bool]] = []

    def ask(number: int) -> None:
        barrier.wait()
        given.append(answers.keep("call", str(number).encode()))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({body for body, _ in given}) == 1
    assert [is_first for _, is_first in given].count(True) == 1
