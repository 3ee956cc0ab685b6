#!/bin/sh
# Builds service/web/vendor: one file of the editor, one of the charts, with the licenses of what is in them. Needs node and npm.
set -eu
cd "$(dirname "$0")"
vendor=../../service/web/vendor
npm ci --silent
mkdir -p "$vendor"
for part in editor chart; do
    npx esbuild "$part.js" --bundle --minify --format=esm --target=es2022 --charset=utf8 --legal-comments=none --log-level=warning --outfile="$vendor/$part.js"
done
cp node_modules/uplot/dist/uPlot.min.css "$vendor/uplot.css"
for name in $(node -e 'console.log(Object.entries(JSON.parse(require("fs").readFileSync("package-lock.json")).packages).filter(([path, p]) => path && !p.dev).map(([path]) => path).sort().join("\n"))'); do
    printf '\n==== %s ====\n\n' "${name#node_modules/}"
    cat "$name"/LICENSE* 2>/dev/null || node -p "const p = require('./$name/package.json'); p.license"
done > "$vendor/LICENSES.txt"
cat package-lock.json editor.js chart.js build.sh | sha256sum | cut -d ' ' -f 1 > "$vendor/BUILT_FROM"
