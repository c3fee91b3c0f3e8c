#!/bin/sh
# What a newcomer does in an empty folder with the installed package alone: an untidy export in GB18030 becomes a
# report, a comparison, a series and notebooks. Says how long each step took.
# Usage: sh newcomer.sh FOLDER, the one of the commands python, clvlab and papermill.
set -eu
PATH="$1:$PATH"

timed() {
  start=$(date +%s)
  "$@" >/dev/null 2>../said || { cat ../said; echo "failed: $*"; exit 1; }
  echo "$*: $(($(date +%s) - start)) s"
}

python -c 'import clvlab; clvlab.datasets.untidy_export(".")'
clvlab new shop --from 订单导出.csv >/dev/null 2>&1
cd shop
timed clvlab check ../订单导出.csv
timed clvlab report params/shop.yaml
timed clvlab compare params/shop.yaml
timed clvlab backfill params/shop.yaml --from 2025-11-30 --to 2025-12-31 -p every=month
test -s reports/shop/2025-11-30/report.html
test -s reports/shop_compare/latest/report.html
cd notebooks
for notebook in *.ipynb; do
  timed papermill --no-progress-bar --kernel python3 "$notebook" "../ran-$notebook"
done
