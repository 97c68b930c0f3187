# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the collection costs: wall time, CPU, memory and calls to AWS. See docs/speed.md for the method."""
