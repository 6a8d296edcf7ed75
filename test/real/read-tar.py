"""What Python's tarfile sees in tars, as JSON on stdout. Content is read in pieces and hashed as the Hub hashes it.

read-tar.py [--names-only] TAR...
"""

import hashlib
import json
import sys
import tarfile

PIECE = 1 << 20
# The Hub keeps what is larger in LFS, under its sha256.
LARGEST_IN_GIT = 10 * PIECE


def main(arguments):
    names_only = arguments[:1] == ["--names-only"]
    tars = arguments[1:] if names_only else arguments
    json.dump([entry for tar in tars for entry in read(tar, names_only)], sys.stdout)


def read(tar, names_only):
    with tarfile.open(tar, "r:") as archive:
        for member in archive:
            entry = {
                "name": member.name,
                "type": "directory" if member.isdir() else "file" if member.isfile() else "other",
                "mode": oct(member.mode),
                "owner": f"{member.uid}:{member.gid}",
                "size": member.size,
            }
            if member.isfile() and not names_only:
                entry |= digests(archive.extractfile(member), member.size)
            yield entry


def digests(content, size):
    if size <= LARGEST_IN_GIT:
        whole = content.read()
        git_sha1 = hashlib.sha1(b"blob %d\0" % size + whole)
        return {"sha256": hashlib.sha256(whole).hexdigest(), "gitSha1": git_sha1.hexdigest()}
    sha256 = hashlib.sha256()
    while piece := content.read(PIECE):
        sha256.update(piece)
    return {"sha256": sha256.hexdigest()}


main(sys.argv[1:])
