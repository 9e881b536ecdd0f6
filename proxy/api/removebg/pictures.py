"""The pictures of a request: the one to cut out, and the one that goes behind it."""

from proxy.api.removebg.errors import Fault, Refused
from proxy.api.service import Service
from proxy.api.submission import Submission, image_in_base64, image_of
from proxy.core.fingerprint import Image
from proxy.errors import BadUpload, BadUrl, DownloadFailed, UploadTooLarge
from proxy.imaging.backgrounds import Backdrop

FILES = ("image_file", "bg_image_file")
SOURCES = ("image_file", "image_file_b64", "image_url")
BACKGROUNDS = ("bg_color", "bg_image_file", "bg_image_url")


def check_sources(came: Submission) -> None:
    """Raises Refused unless there is one image, and one background at most."""
    given = came.images.keys() | came.texts.keys()
    sources, backgrounds = given & set(SOURCES), given & set(BACKGROUNDS)
    if not sources:
        raise Refused(Fault("missing_source", f"Send the image in one of the fields {', '.join(SOURCES)}."))
    if len(sources) > 1:
        raise Refused(Fault("multiple_sources", f"Send one of {', '.join(sorted(sources))}."))
    if len(backgrounds) > 1:
        raise Refused(Fault("multiple_bg_sources", f"Send one of {', '.join(sorted(backgrounds))}."))


async def source_in(came: Submission, service: Service) -> Image:
    """Raises Refused; UploadTooLarge."""
    if image := came.images.get("image_file"):
        return image
    if url := came.texts.get("image_url"):
        return await _fetched(url, service, "invalid_image_url", "failed_image_download")
    try:
        return await image_in_base64(came.texts.get("image_file_b64", ""), service)
    except UploadTooLarge:
        raise
    except BadUpload as error:
        raise Refused(Fault("failed_to_read_image", str(error))) from error


async def background_in(came: Submission, service: Service) -> Backdrop | None:
    """Raises Refused; UploadTooLarge."""
    image = came.images.get("bg_image_file")
    if url := came.texts.get("bg_image_url"):
        image = await _fetched(url, service, "invalid_bg_image_url", "failed_bg_download")
    return Backdrop(await image.digest(), image) if image else None


async def _fetched(url: str, service: Service, invalid: str, failed: str) -> Image:
    try:
        data = await service.fetcher.fetch(url)
    except BadUrl as error:
        raise Refused(Fault(invalid, str(error))) from error
    except DownloadFailed as error:
        raise Refused(Fault(failed, f"HTTP Status {error.answered}" if error.answered else str(error))) from error
    return image_of(data, service)
