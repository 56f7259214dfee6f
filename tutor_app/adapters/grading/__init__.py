"""Whether two answers are the same; the face is :mod:`tutor_app.adapters.grading.grader`."""
