# Short forms of `python3 dev.py ...`, for those who have make.
.PHONY: demo test check prove bench lock vendor
demo test check prove bench lock vendor:
	@python3 dev.py $@
