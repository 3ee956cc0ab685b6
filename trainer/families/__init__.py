"""Problems made in any number, with right, slow and subtly wrong programs, for models of a few hundred thousand parameters.

compositions   what a problem asks: seven choices and a size, and the words that say so
programs       its programs, in phrases that are the words of the model's language
problems       its tests, as the judge takes them
"""

from trainer.families.compositions import Composition, Instance, Part, instances
from trainer.families.problems import make_problem, task_of
from trainer.families.programs import brute_force, efficient

__all__ = ["Composition", "Instance", "Part", "brute_force", "efficient", "instances", "make_problem", "task_of"]
