from model_serving.evaluation.published import published


def test_the_papers_numbers_for_a_test_set_are_found_by_its_name():
    best = max(published("HRSOD-TE"), key=lambda row: row.s_measure or 0)
    assert (best.network, best.trained_on, best.size) == ("SwinB", "DUTS, HRSOD", "1024")
    assert (best.s_measure, best.f_max, best.mae, best.mba) == (0.960, 0.957, 0.014, 0.766)


def test_what_is_not_printed_is_none_and_not_zero():
    assert published("ECSSD")[0].mba is None
    assert published("DIS-VD")[0].mae is None


def test_the_paper_knows_nothing_of_our_own_pictures():
    assert published("photos") == []


def test_every_number_is_a_share():
    for dataset in ("DUTS-TE", "DUT-OMRON", "ECSSD", "HKU-IS", "PASCAL-S", "DAVIS-S", "UHRSD-TE", "DIS-TE4"):
        rows = published(dataset)
        assert rows
        for row in rows:
            numbers = (row.s_measure, row.f_max, row.mae, row.mba)
            assert all(number is None or 0.0 < number < 1.0 for number in numbers)
