"""Asks a Hub with the real huggingface_hub and prints what it got as one JSON value.

usage: huggingface-hub.py COMMAND REPO [--revision R] [--type T] [--file F] [--to DIR]
The endpoint, the token and the cache folder come from the environment, as for every user of the library.
"""

import argparse
import hashlib
import json
from pathlib import Path

from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=sorted(COMMANDS))
    parser.add_argument("repo")
    parser.add_argument("--revision")
    parser.add_argument("--type", default="model")
    parser.add_argument("--file")
    parser.add_argument("--to")
    wanted = parser.parse_args()
    try:
        answer = {"ok": COMMANDS[wanted.command](wanted)}
    except (HfHubHTTPError, LocalEntryNotFoundError) as failure:
        # "Not in the cache either" hides what the Hub said.
        error = failure.__cause__ if isinstance(failure, LocalEntryNotFoundError) else failure
        answer = {"error": type(error).__name__, "message": str(error)}
    print(json.dumps(answer))


def info(wanted):
    found = HfApi().repo_info(
        wanted.repo, revision=wanted.revision, repo_type=wanted.type, files_metadata=True
    )
    files = {
        file.rfilename: {
            "size": file.size,
            "blobId": file.blob_id,
            "sha256": file.lfs.sha256 if file.lfs else None,
        }
        for file in found.siblings
    }
    return {"id": found.id, "sha": found.sha, "gated": getattr(found, "gated", None), "files": files}


def list_files(wanted):
    return HfApi().list_repo_files(wanted.repo, revision=wanted.revision, repo_type=wanted.type)


def tree(wanted):
    entries = HfApi().list_repo_tree(
        wanted.repo, recursive=True, revision=wanted.revision, repo_type=wanted.type
    )
    files = [entry for entry in entries if hasattr(entry, "size")]
    return {
        file.path: {
            "size": file.size,
            "blobId": file.blob_id,
            "sha256": file.lfs.sha256 if file.lfs else None,
            "xetHash": file.xet_hash,
        }
        for file in files
    }


def refs(wanted):
    found = HfApi().list_repo_refs(wanted.repo, repo_type=wanted.type, include_pull_requests=True)
    every = [*found.branches, *found.tags, *(found.pull_requests or [])]
    return {ref.ref: ref.target_commit for ref in every}


def paths_info(wanted):
    found = HfApi().get_paths_info(
        wanted.repo, [wanted.file, "no-such-file"], revision=wanted.revision, repo_type=wanted.type, expand=True
    )
    return {entry.path: {"size": entry.size, "blobId": entry.blob_id} for entry in found}


def whoami(wanted):
    return HfApi().whoami()["name"]


def download(wanted):
    path = hf_hub_download(wanted.repo, wanted.file, revision=wanted.revision, repo_type=wanted.type)
    return sha256(Path(path))


def snapshot(wanted):
    folder = Path(
        snapshot_download(
            wanted.repo, revision=wanted.revision, repo_type=wanted.type, local_dir=wanted.to
        )
    )
    files = [path for path in folder.rglob("*") if path.is_file()]
    names = {path: path.relative_to(folder).as_posix() for path in files}
    return {name: sha256(path) for path, name in names.items() if not name.startswith(".cache/")}


def sha256(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


COMMANDS = {
    "info": info,
    "list": list_files,
    "tree": tree,
    "refs": refs,
    "paths-info": paths_info,
    "whoami": whoami,
    "download": download,
    "snapshot": snapshot,
}

main()
