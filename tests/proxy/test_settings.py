import pytest

from proxy.settings import BadSetting, Settings, read_settings


def test_an_empty_environment_gives_the_defaults():
    assert read_settings({"PATH": "/bin"}) == Settings()


def test_a_variable_sets_its_field():
    settings = read_settings({"REMATTE_PORT": "9000", "REMATTE_REDIS_URL": "redis://cache:6379/1"})
    assert (settings.port, settings.redis_url) == (9000, "redis://cache:6379/1")


@pytest.mark.parametrize(("given", "seconds"), [("auto", None), ("0", 0.0), ("2.5", 0.0025)])
def test_the_head_start_is_auto_or_milliseconds(given, seconds):
    assert read_settings({"REMATTE_RACE_HEAD_START_MS": given}).head_start_s == seconds


def test_an_unknown_variable_with_our_prefix_is_refused_by_name():
    with pytest.raises(BadSetting, match=r"^REMATTE_PROT is no setting"):
        read_settings({"REMATTE_PROT": "9000"})


def test_a_variable_that_another_process_reads_is_not():
    assert read_settings({"REMATTE_REQUIRE_DEVICE": "cuda"}) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REMATTE_PORT", "99999"),
        ("REMATTE_PORT", "http"),
        ("REMATTE_IDLE_TTL_S", "0"),
        ("REMATTE_IDLE_TTL_S", "inf"),
        ("REMATTE_DEADLINE_S", "nan"),
        ("REMATTE_RACE_HEAD_START_MS", "-1"),
        ("REMATTE_RACE_HEAD_START_MS", "soon"),
        ("REMATTE_REDIS_URL", "localhost:6379"),
        ("REMATTE_TORCHSERVE_URL", "127.0.0.1:8080"),
        ("REMATTE_MEMORY_BYTES", "-1"),
        ("REMATTE_LOG_LEVEL", "loud"),
        ("REMATTE_LOG_FORMAT", "xml"),
        ("REMATTE_REMOVEBG_DEFAULT_SIZE", "huge"),
        ("REMATTE_REMOVEBG_DEADLINE_S", "0"),
    ],
)
def test_a_bad_value_is_refused_in_one_line_that_names_it_and_says_what_it_means(name, value):
    with pytest.raises(BadSetting) as refusal:
        read_settings({name: value})
    line = str(refusal.value)
    assert line.startswith(f"{name}={value!r}: ")
    assert "It means: " in line
    assert "\n" not in line


def test_every_setting_says_what_it_is_in_one_sentence():
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_places_to_fetch_from_are_networks_and_names():
    assert read_settings({"REMATTE_URL_ALLOW": "10.0.0.0/8, images.lan,::1,"}).url_allow == (
        "10.0.0.0/8",
        "images.lan",
        "::1",
    )


@pytest.mark.parametrize("place", ["10.0.0.0/33", "10.0.0.1/8", "300.0.0.1", "http://images.lan", "a b", "::g"])
def test_a_place_that_is_none_is_refused(place):
    with pytest.raises(BadSetting, match="REMATTE_URL_ALLOW"):
        read_settings({"REMATTE_URL_ALLOW": place})


def test_keys_are_a_list_and_with_them_others_may_come():
    settings = read_settings({"REMATTE_API_KEYS": "sixteen-letters-1, sixteen-letters-2,"})
    assert settings.api_keys == ("sixteen-letters-1", "sixteen-letters-2")
    assert settings.may_be_reached


def test_without_keys_others_may_come_only_if_somebody_says_so():
    assert not Settings().may_be_reached
    assert read_settings({"REMATTE_OPEN": "true"}).may_be_reached


@pytest.mark.parametrize("name", ["REMATTE_API_KEYS", "REMATTE_ADMIN_TOKEN"])
def test_a_secret_that_is_too_short_is_refused_and_not_told(name):
    with pytest.raises(BadSetting) as refusal:
        read_settings({name: "hunter2"})
    assert str(refusal.value).startswith(f"{name}: ")
    assert "hunter2" not in str(refusal.value)


def test_secrets_are_not_shown():
    assert "sixteen-letters" not in repr(Settings(api_keys=("sixteen-letters-1",), admin_token="sixteen-letters-2"))
