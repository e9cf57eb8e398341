"""Another run stands where that was from which half of a front was derived."""

import shutil

import stdsl

shutil.rmtree("front/params-1000")
shutil.rmtree("paths")
shutil.move("other", "paths")
stdsl.derive(resume="front")
