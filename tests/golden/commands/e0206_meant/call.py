import stdsl

stdsl.load("dart")
