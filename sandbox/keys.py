# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Access keys that mean something to the sandbox's AWS: moto knows no others than those that it has made."""

from __future__ import annotations

import re

#: Keys of this form are the root user's of the account: with one a test needs no role to be in an account.
SANDBOX_KEY = re.compile(r"SANDBOX(\d{12})", re.ASCII)

#: Clumio's own, and the role in Clumio's account that it stands for: the one that the trust policies have to name.
CLUMIO_KEY = "CLUMIO"
PROTECT_PRINCIPAL = "ClumioCustomerProtectRole"
