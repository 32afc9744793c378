"""Who has which document open."""

from workbench.presence import QUIET, Company, Presence


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def room():
    clock = Clock()
    return Presence(clock), clock


def test_two_pages_on_one_document_see_each_other_until_one_leaves_or_falls_silent():
    presence, clock = room()
    presence.enter("p1", 7, "小王")
    presence.enter("p2", 7, "小李")
    presence.enter("p3", 8, "小张")
    assert presence.others("p1") == (Company("小李", "open"),) and presence.others("p2") == (Company("小王", "open"),)
    assert presence.others("p3") == () == presence.others("unknown")
    presence.enter("p2", 8, "小李")
    assert presence.others("p1") == () and presence.others("p3") == (Company("小李", "open"),)
    clock.now = QUIET - 1
    presence.beat("p3", 8, "小张")
    clock.now = QUIET + 1
    assert presence.others("p3") == () and presence.others("p2") == ()
    presence.beat("p2", 8, "小李")
    assert presence.others("p3") == (Company("小李", "open"),)


def test_who_saved_is_named_until_one_saves_oneself_even_if_they_are_gone():
    presence, clock = room()
    presence.enter("p1", 7, "小王")
    presence.enter("p2", 7, "小李")
    clock.now = 5
    presence.save("p2", 7, "小李")
    presence.leave("p2")
    assert presence.others("p1") == (Company("小李", "saved"),)
    clock.now = 6
    presence.save("p1", 7, "小王")
    assert presence.others("p1") == ()


def test_what_was_saved_before_a_page_came_is_no_news_to_it():
    presence, clock = room()
    presence.enter("p1", 7, "小王")
    clock.now = 1
    presence.save("p1", 7, "小王")
    clock.now = 2
    presence.enter("p2", 7, "小李")
    assert presence.others("p2") == (Company("小王", "open"),)
