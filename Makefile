# The targets people know; Meson and Ninja do the work (meson.build), scripts/ the rest.
.POSIX:
.PHONY: run test build bench fuzz sanitize format lint soak test-clients test-bare clean

ARGS =

run: ; @scripts/setup.sh run && scripts/build.sh build && exec build/cruddur serve $(ARGS)
test: ; @scripts/setup.sh test && scripts/build.sh build && scripts/test.sh build
build: ; @scripts/build.sh build
bench: build ; @bench/run.sh
fuzz: ; @scripts/setup.sh dev && scripts/fuzz.sh
sanitize: ; @scripts/setup.sh test && scripts/build.sh build-sanitize -Db_sanitize=address,undefined && scripts/test.sh build-sanitize
format: ; @clang-format -i $$(git ls-files '*.c' '*.h')
lint: ; @scripts/setup.sh dev && scripts/lint.sh
soak: build ; @scripts/soak.sh build
test-clients: build ; @tests/clients/run.sh
test-bare: ; @tests/debian_root.sh
clean: ; rm -rf build build-*
