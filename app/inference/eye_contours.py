"""Mesh points around the eyes."""

# The 16 contour points of each eye, in the order in which `FaceLandmarksConnections` of MediaPipe
# Tasks first names them: FACE_LANDMARKS_RIGHT_EYE, then FACE_LANDMARKS_LEFT_EYE.
RIGHT_EYE_CONTOUR = (33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173)
LEFT_EYE_CONTOUR = (263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398)
