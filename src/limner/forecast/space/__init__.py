"""Growth in space: a reaction–diffusion model on the patient's own anatomy, solved, differentiated, fitted, sampled.

Arrays and millimetres only: no drawing, no file, no gene.
"""
