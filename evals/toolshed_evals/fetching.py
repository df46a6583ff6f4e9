"""Download the official files of a data set and verify them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from toolshed.errors import SourceError

_HOST = "https://raw.githubusercontent.com"
_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a public repository and the checksum of the version we measured on."""

    path: str
    sha256: str

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Repository:
    """Where the files of a data set are published."""

    base: str
    files: tuple[RemoteFile, ...]


REPOSITORIES = {
    "toole": Repository(
        "HowieHwong/MetaTool/35e81bb7576826e980c80fed8f8c0a2b4a1e6fbb",
        (
            RemoteFile(
                "dataset/plugin_des.json", "c446ade5acfb8e16c477124250665021e63b11bf6cb232db04fc9ba6bed0389a"
            ),
            RemoteFile(
                "dataset/data/all_clean_data.csv",
                "cf2eb0474396677530931def51012da4e88f9f34f655332f04177b2054101baf",
            ),
            RemoteFile(
                "dataset/data/multi_tool_query_golden.json",
                "ef37d10a8cb5b41435d6ea3ae29819afdb8d6db0852268830e5ee77259507f51",
            ),
        ),
    ),
    "sealtools": Repository(
        "fairyshine/Seal-Tools/HEAD",
        (
            RemoteFile(
                "Seal-Tools_Dataset/tool.jsonl",
                "35e34aaec1f0793c2b5a5dff734cb925837988f59ed0fe4f410d67f3d8375f5c",
            ),
            RemoteFile(
                "Seal-Tools_Dataset/dev.jsonl",
                "53da12c9fab27e47eba4767ae3625b53bb6474215c38e5033b1fe11e84efacf6",
            ),
            RemoteFile(
                "Seal-Tools_Dataset/test_in_domain.jsonl",
                "330020288948e711846417c2fca9a5980ef0f1adc01ad74dc38cc9ff7142811f",
            ),
            RemoteFile(
                "Seal-Tools_Dataset/test_out_domain.jsonl",
                "c2a86a3d3a5270f578e07f39a0973310cbcaec3b8d72166d7be38d21c9720be6",
            ),
        ),
    ),
}


def fetch_dataset(name: str, folder: Path, *, base_url: str | None = None) -> Iterator[Path]:
    """Download the files of a data set into ``folder/name``; those that are there are kept.

    A file is written under its name only after its checksum agreed.

    Raises:
        SourceError: If a file cannot be had or is not the one we measured on.
    """
    repository = REPOSITORIES[name]
    target = folder / name
    target.mkdir(parents=True, exist_ok=True)
    with httpx.Client(follow_redirects=True, timeout=_TIMEOUT_SECONDS) as client:
        for file in repository.files:
            path = target / file.name
            if not path.exists() or _sha256(path.read_bytes()) != file.sha256:
                _download(client, f"{base_url or _HOST}/{repository.base}/{file.path}", file, path)
            yield path


def _download(client: httpx.Client, url: str, file: RemoteFile, path: Path) -> None:
    try:
        response = client.get(url)
        response.raise_for_status()
    except httpx.HTTPError as error:
        raise SourceError(f"{url!r} cannot be fetched: {error or type(error).__name__}") from error
    found = _sha256(response.content)
    if found != file.sha256:
        raise SourceError(
            f"{url!r} has sha256 {found}, expected {file.sha256}: it has changed since we measured; "
            "nothing was written"
        )
    temporary = path.with_suffix(".part")
    temporary.write_bytes(response.content)
    temporary.replace(path)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
