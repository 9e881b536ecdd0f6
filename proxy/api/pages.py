"""The API's two descriptions, for people. Everything they load is served from here, so they need no internet."""

from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles

HERE = Path(__file__).parent
# Nothing may be asked of anybody else. Both style themselves inline, and Redoc searches in a worker made of a blob.
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "worker-src 'self' blob:; object-src 'none'; frame-ancestors 'none'; base-uri 'none'"
)

router = APIRouter(include_in_schema=False)


def install_pages(app: FastAPI) -> None:
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=HERE / "static"))


@router.get("/docs")
async def docs() -> FileResponse:
    return _page("docs.html")


@router.get("/redoc")
async def redoc() -> FileResponse:
    return _page("redoc.html")


@router.get("/favicon.ico")
async def favicon() -> FileResponse:
    return FileResponse(HERE / "static" / "favicon.png")


def _page(name: str) -> FileResponse:
    return FileResponse(HERE / "pages" / name, headers={"Content-Security-Policy": POLICY})
