# Everything runs from .venv in this checkout, which the first target you call makes by itself.
# Paths are relative, because make cannot hold a path with spaces in one word.

PY := .venv/bin/python
STAMP := .venv/.ecozone-installed
JOBS ?= 2
EXTRAS ?=
ODD := build/路径 有空格

# A checkout that was moved or copied with its .venv is installed anew (without a network: nothing is missing).
$(shell [ -e $(STAMP) ] && [ "$$(cat $(STAMP))" != "$$(pwd -P)" ] && rm -f $(STAMP))

.PHONY: help demo notebooks docs test lint format bench soak wheelhouse clean distclean

help:
	@echo 'make demo        示例项目逐个核对,结果、地图写入 build/demo'
	@echo 'make test        测试（含中文路径、GBK 终端）'
	@echo 'make lint        ruff, mypy, import-linter'
	@echo 'make docs        文档网站,写入 build/site（先装 .[docs]）'
	@echo 'make notebooks   七个笔记本全部运行,网页（带图）写入 build/notebooks'
	@echo 'make format      按 ruff 改写格式'
	@echo 'make bench       计时'
	@echo 'make soak        耗时较长的测试'
	@echo 'make wheelhouse  下载全部安装包,供内网安装（EXTRAS=report 可加选装部分）'
	@echo 'make clean       删除生成的文件；make distclean 连同 .venv'

demo: $(STAMP)
	$(PY) -m ecozone demo --out build/demo

test: $(STAMP)
	$(PY) -m pytest -n $(JOBS) --dist loadgroup
	@mkdir -p build
	PYTHONIOENCODING=gbk $(PY) -m pytest -m smoke --basetemp="$(ODD)"

lint: $(STAMP)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -c 'from importlinter.cli import lint_imports_command as lint; lint(["--no-logo"])'

# From a clean environment too: what the notebooks need comes with the first target you call.
notebooks: $(STAMP)
	@mkdir -p build/notebooks
	PYDEVD_DISABLE_FILE_VALIDATION=1 $(PY) -m nbconvert --execute --to html --output-dir build/notebooks notebooks/*.ipynb
	@echo '网页已写入 build/notebooks'

docs: $(STAMP)
	$(PY) docs/kinds_page.py
	$(PY) -m mkdocs build --strict

format: $(STAMP)
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: $(STAMP)
	@for script in benchmarks/bench_*.py; do echo "$$script"; $(PY) tests/postgres.py $(PY) "$$script" || exit $$?; done

soak: $(STAMP)
	ECOZONE_SOAK=1 $(PY) -m pytest -n $(JOBS) --dist loadgroup --run-slow

# Wheels fit the system and the Python they were gathered with: run this where both are as in the office.
wheelhouse: $(STAMP)
	rm -rf wheelhouse
	$(PY) -m pip wheel --quiet --no-build-isolation -c constraints.txt -w wheelhouse ".$(if $(EXTRAS),[$(EXTRAS)])"
	@echo
	@$(PY) -c 'import platform; print("安装包已存入 wheelhouse/，适用于", platform.system(), platform.machine(), "Python", platform.python_version()[:4])'
	@echo '把 wheelhouse/ 整个文件夹拷到内网电脑，在它所在的文件夹里运行这两条命令：'
	@echo
	@echo '  python3 -m venv ecozone-venv'
	@echo '  ecozone-venv/bin/python -m pip install --no-index --find-links wheelhouse "ecozone$(if $(EXTRAS),[$(EXTRAS)])"'
	@echo
	@echo '之后用 ecozone-venv/bin/ecozone 调用。'

# hatchling and editables come first and the build is not isolated: so nothing is fetched that is there already.
$(STAMP): pyproject.toml constraints.txt hatch_build.py
	@set -e; \
	if ! [ -x $(PY) ]; then \
	    found=; \
	    for python in python3 python3.13 python3.12 python3.11; do \
	        if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	    done; \
	    if [ -z "$$found" ]; then \
	        echo '没有找到 Python 3.11 或更新的版本：请先安装（Debian/Ubuntu: apt install python3 python3-venv），再运行一次。' >&2; \
	        exit 1; \
	    fi; \
	    echo "用 $$("$$found" --version) 建立 .venv，首次安装需要几分钟 …"; \
	    "$$found" -m venv --clear .venv || { \
	        echo '建立 .venv 失败：Debian/Ubuntu 请先运行 apt install python3-venv，再运行一次。' >&2; \
	        exit 1; \
	    }; \
	fi; \
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt hatchling editables; \
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e ".[dev]"; \
	pwd -P > $(STAMP)

clean:
	rm -rf build dist wheelhouse .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +

distclean: clean
	rm -rf .venv
