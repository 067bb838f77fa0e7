"""Configurations for tests: the example files of the product with a few values changed, so that hours become seconds."""
import pathlib
import re

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent.parent / "examples"
SECRET = "seven sleepers in one nest"

# Words that begin a statement, and so end the value before them when a whole table stands on one line.
STATEMENTS = ("config", "edit", "set", "unset", "append", "next", "end")
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|#[^\n]*|[^\s"\'#]+|\s+')


class Conf:
    """One configuration text, edited in place. Everything that is not touched keeps its form."""

    def __init__(self, text):
        self.tokens = TOKEN.findall(text)

    def __str__(self):
        return "".join(self.tokens)

    def _words(self, start, stop):
        """(position, token) of what is neither space nor comment."""
        return [(i, t) for i, t in enumerate(self.tokens[start:stop], start) if not t.isspace() and not t.startswith("#")]

    def _entry(self, table, name):
        """Where the statements of an entry (or, with name None, of a table without entries) begin and end."""
        path, words = table.split(), self._words(0, len(self.tokens))
        plain = [t.strip('"') for _, t in words]
        for at in range(len(words)):
            if plain[at] != "config" or plain[at + 1:at + 1 + len(path)] != path:
                continue
            depth, i = 0, at + 1 + len(path)
            while i < len(words) and not (depth == 0 and plain[i] == "end"):
                if plain[i] == "config":
                    depth += 1
                elif plain[i] == "end":
                    depth -= 1
                elif depth == 0 and name is not None and plain[i] == "edit" and plain[i + 1] == name:
                    inner, j = 0, i + 2
                    while not (inner == 0 and plain[j] == "next"):
                        inner += {"config": 1, "end": -1}.get(plain[j], 0)
                        j += 1
                    return words[i + 1][0] + 1, words[j][0]
                i += 1
            if name is None:
                return words[at + len(path)][0] + 1, words[i][0]
        raise KeyError(f"config {table} / edit {name}")

    def _statement(self, table, name, attribute):
        """Where `set ATTRIBUTE value...` begins and ends, or None; and where the entry begins."""
        start, stop = self._entry(table, name)
        words = self._words(start, stop)
        for n, (i, token) in enumerate(words):
            if token == "set" and n + 1 < len(words) and words[n + 1][1] == attribute:
                end = next((j for j, t in words[n + 2:] if t in STATEMENTS), stop)
                while self.tokens[end - 1].isspace() or self.tokens[end - 1].startswith("#"):
                    end -= 1
                return (i, end), start
        return None, start

    def set(self, table, name, attribute, value):
        """`set ATTRIBUTE VALUE` in an entry of a table; `value` as it stands in the file, quotes included."""
        found, start = self._statement(table, name, attribute)
        text = ["set", " ", attribute, " ", value]
        if found:
            self.tokens[found[0]:found[1]] = text
        else:
            self.tokens[start:start] = ["\n    ", *text, "\n    "]
        return self

    def unset(self, table, name, attribute):
        found, _ = self._statement(table, name, attribute)
        if found:
            del self.tokens[found[0]:found[1]]
        return self

    def delete(self, table, name):
        """Takes an entry out."""
        start, stop = self._entry(table, name)
        first = max(i for i, t in self._words(0, start) if t == "edit")
        del self.tokens[first:stop + 1]
        return self

    def add(self, text):
        """Appends configuration."""
        self.tokens += TOKEN.findall("\n" + text.strip() + "\n")
        return self

    # --- what most tests want

    def phase1(self, name, **attributes):
        """Attributes of a phase 1; `_` in a name stands for `-`, None unsets."""
        for attribute, value in attributes.items():
            attribute = attribute.replace("_", "-")
            if value is None:
                self.unset("vpn ipsec phase1-interface", name, attribute)
            else:
                self.set("vpn ipsec phase1-interface", name, attribute, str(value))
        return self

    def phase2(self, name, **attributes):
        for attribute, value in attributes.items():
            self.set("vpn ipsec phase2-interface", name, attribute.replace("_", "-"), str(value))
        return self


def _example(name, phase1, fast):
    text = Conf((EXAMPLES / name).read_text(encoding="utf-8"))
    text.phase1(phase1, psksecret=f'"{SECRET}"')
    if fast:
        text.phase1(phase1, dpd_retryinterval=2, retransmit_schedule="1 1 1")
    return text


def client(fast=True):
    """The dialup client of the example. `fast`: a silent peer is noticed after about 5 s instead of 153."""
    return _example("client.conf", "toServer", fast)


def server(fast=True, interval=30):
    """The dialup gateway of the example; a sleeper is kept for `interval` seconds."""
    text = _example("server.conf", "toClient", fast)
    if fast:
        text.phase1("toClient", client_resume_interval=interval)
    return text
