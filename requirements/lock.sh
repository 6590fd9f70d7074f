#!/usr/bin/env bash
# Writes requirements/{api,dev,bot}.txt from pyproject.toml: exact versions of everything, no index and no host in them.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pinned() { # pinned PYTHON EXTRAS: what pip chooses for these extras, one name==version a line
    "$1" -m venv "$work/env" --clear
    "$work/env/bin/pip" install --quiet --upgrade --dry-run --ignore-installed --report "$work/report.json" ".[$2]" setuptools wheel
    "$1" - "$work/report.json" <<'PY'
import json, sys
items = json.load(open(sys.argv[1]))["install"]
lines = {f"{i['metadata']['name'].lower().replace('_', '-')}=={i['metadata']['version']}" for i in items}
print("\n".join(sorted(line for line in lines if not line.startswith("hearthline=="))))
PY
}
python=$(python3 -c 'import sys; sys.path.insert(0, "requirements"); import install; print(install.find_python("api"))')
old=$(python3 -c 'import sys; sys.path.insert(0, "requirements"); import install; print(install.find_python("bot"))')
pinned "$python" api,dev >"$work/both.txt"
pinned "$python" api >"$work/api.txt"
pinned "$old" bot >"$work/bot.txt"
comm -13 "$work/api.txt" "$work/both.txt" >"$work/dev.txt"
mv "$work/api.txt" "$work/dev.txt" "$work/bot.txt" requirements/  # all of them, or none
wc -l requirements/*.txt
