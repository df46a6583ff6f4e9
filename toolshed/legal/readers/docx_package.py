"""The parts of a Word file: its XML, whatever namespace it is written in (ISO 29500, or its strict form)."""

import io
import posixpath
import re
import zipfile
import zlib
from pathlib import Path

from lxml import etree

from toolshed.errors import SourceError

# What is read of an archive: its XML, never its pictures. A thousand pages are 10 MB of it; the tree of 48 MB
# takes more memory than a file gets that holds nothing else.
_MAX_UNPACKED = 48 * 2**20
_MAIN = "word/document.xml"


def local(element: etree._Element) -> str:
    """The name of an element without its namespace; empty for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: etree._Element | None, name: str) -> str:
    """An attribute by its name without a namespace; empty where it is missing."""
    if element is None:
        return ""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return ""


def child(element: etree._Element | None, *names: str) -> etree._Element | None:
    """The first child of that name, its first child of the next name, and so on, or None."""
    for name in names:
        element = (
            next((found for found in element if local(found) == name), None) if element is not None else None
        )
    return element


class Package:
    """The XML parts of an Office file, unpacked within bounds.

    Args:
        data: The file.
        path: What it is called in messages.
        kind: What it should be: ``DOCX`` or ``ODT``.

    Raises:
        SourceError: If it is no archive, is damaged or encrypted, or unpacks to too much.
    """

    def __init__(self, data: bytes, path: Path, kind: str) -> None:
        self._path, self._kind = path, kind
        self._parts: dict[str, bytes] = {}
        room = _MAX_UNPACKED
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for name in dict.fromkeys(archive.namelist()):
                    if name.endswith((".xml", ".rels")):
                        # What headers say of sizes is not believed.
                        with archive.open(name) as part:
                            self._parts[name] = part.read(room + 1)
                        room -= len(self._parts[name])
                        if room < 0:
                            raise SourceError(
                                f"{str(path)!r} unpacks to more than "
                                f"{_MAX_UNPACKED // 2**20} MB of text; split it"
                            )
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
            raise self._damaged(error) from error

    def _damaged(self, reason: object) -> SourceError:
        return SourceError(
            f"{str(self._path)!r} is no {self._kind} file, or is damaged ({reason}); save it again"
        )

    @property
    def names(self) -> list[str]:
        """The names of the parts."""
        return list(self._parts)

    def main_name(self) -> str:
        """The name of the part that holds the body of a Word document."""
        relations = self.part("_rels/.rels")
        for relation in relations if relations is not None else ():
            if attribute(relation, "Type").endswith("/officeDocument"):
                return attribute(relation, "Target").lstrip("/")
        return _MAIN

    def beside(self, main: str, name: str) -> list[etree._Element]:
        """The parts of a kind beside the main one: ``footnotes``, ``header``."""
        folder = posixpath.dirname(main)
        pattern = re.compile(rf"{re.escape(folder)}/{name}\d*\.xml")
        found = (self.part(part) for part in sorted(self._parts) if pattern.fullmatch(part))
        return [part for part in found if part is not None]

    def part(self, name: str) -> etree._Element | None:
        """The root of a part; None where the file has none of that name.

        Raises:
            SourceError: If it is no XML.
        """
        if name not in self._parts:
            return None
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
        )
        try:
            return etree.fromstring(self._parts[name], parser)
        except etree.LxmlError as error:
            raise self._damaged(error) from error

    def required(self, name: str) -> etree._Element:
        """The root of a part that there must be.

        Raises:
            SourceError: If there is none.
        """
        found = self.part(name)
        if found is None:
            raise self._damaged(f"it has no {name}")
        return found
