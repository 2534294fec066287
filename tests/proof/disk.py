"""A data folder on a disk that can lose its power: the test's side of powercut.c."""
import mmap
import os
import random
import shutil
import struct

from harness import Skip, program, temporary_folder

BLOCK = 4096


def library():
    return os.path.join(os.path.dirname(program()), "tests", "proof", "libpowercut.so")


def is_sanitized():
    with open(program(), "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as bytes_of:
        return bytes_of.find(b"__asan_init") >= 0 or bytes_of.find(b"__tsan_init") >= 0


def new_disk():
    if not os.path.exists(library()):
        raise Skip("libpowercut.so is not built")
    if is_sanitized():
        raise Skip("sanitizers and preloaded libraries each want to be first")
    # In memory where that can be: a real sync of a real disk would only take time.
    return Disk(temporary_folder("/dev/shm" if os.access("/dev/shm", os.W_OK) else None))


class Disk:
    """Two folders beside each other: `data` is what the program sees, `disk` what it has synced."""
    FIELDS = ("syncs", "writes", "fail_sync", "fail_write", "hold_sync", "delay_us")

    def __init__(self, folder):
        self.data, self.disk = os.path.join(folder, "data"), os.path.join(folder, "disk")
        os.makedirs(self.data, exist_ok=True)
        self.seed()

    def seed(self):
        """All that the data folder holds is on the disk."""
        shutil.rmtree(self.disk, ignore_errors=True)
        os.makedirs(os.path.join(self.disk, "files"))
        os.makedirs(os.path.join(self.disk, "names"))
        with open(os.path.join(self.disk, "control"), "wb") as control:
            control.write(bytes(8 * len(self.FIELDS)))
        self.copy_folder(self.data, os.path.join(self.disk, "names"))

    def copy_folder(self, folder, there):
        for entry in os.scandir(folder):
            contents = os.path.join(self.disk, "files", str(entry.inode()))
            if entry.is_dir():
                os.mkdir(contents)
                os.symlink(contents, os.path.join(there, entry.name))
                self.copy_folder(entry.path, contents)
            else:
                shutil.copyfile(entry.path, contents)
                os.link(contents, os.path.join(there, entry.name))

    def environment(self):
        return {"LD_PRELOAD": library(), "POWERCUT_DATA": self.data, "POWERCUT_DISK": self.disk}

    def get(self, field):
        with open(os.path.join(self.disk, "control"), "rb") as control:
            control.seek(8 * self.FIELDS.index(field))
            return struct.unpack("<Q", control.read(8))[0]

    def set(self, field, value):
        with open(os.path.join(self.disk, "control"), "r+b", buffering=0) as control:
            control.seek(8 * self.FIELDS.index(field))
            control.write(struct.pack("<Q", value))

    # -- the cut -----------------------------------------------------------------------------------

    def cut(self, rand=None, torn=False, entries=False):
        """The program has been killed: leaves in `data` what the disk holds.

        `torn`: of what was not synced, some blocks reached the disk all the same, in any order.
        `entries`: so did all changes of names.
        """
        rand = rand or random.Random(0)
        names = self.data if entries else os.path.join(self.disk, "names")
        cached = {str(os.stat(path).st_ino): path for path in paths(self.data)}
        inodes = {os.stat(path).st_ino: os.path.basename(path) for path in paths(os.path.join(self.disk, "files"))}
        after = self.data + ".after"
        shutil.rmtree(after, ignore_errors=True)
        for folder, _, _ in os.walk(names, followlinks=True):
            os.makedirs(os.path.join(after, os.path.relpath(folder, names)))
        for path in paths(names):
            if entries:
                inode = str(os.stat(path).st_ino)
                contents = read(os.path.join(self.disk, "files", inode)) if inode in inodes.values() else b""
            else:
                inode = inodes.get(os.stat(path).st_ino)
                contents = read(path)
            if torn and inode in cached:
                contents = tear(contents, read(cached[inode]), rand)
            with open(os.path.join(after, os.path.relpath(path, names)), "wb") as file:
                os.chmod(file.fileno(), 0o600)  # a key that others can read is refused
                file.write(contents)
        shutil.rmtree(self.data)
        os.rename(after, self.data)
        self.seed()


def paths(folder):
    return [os.path.join(inner, name) for inner, _, files in os.walk(folder, followlinks=True) for name in files]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def tear(synced, cached, rand):
    """A file of any length between the two, each unsynced block of it old, new, or empty."""
    length = rand.randint(min(len(synced), len(cached)), max(len(synced), len(cached)))
    torn = bytearray(synced[:length].ljust(length, b"\0"))
    for at in range(0, length, BLOCK):
        new = cached[at:min(at + BLOCK, length)]
        if bytes(torn[at:at + len(new)]) != new and rand.random() < 0.5:
            torn[at:at + len(new)] = new
    return bytes(torn)
