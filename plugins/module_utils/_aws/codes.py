# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What AWS's errors mean to us, in one table for each meaning and in each table by service.

The codes are those that botocore's descriptions of the services list for the calls that are made here; throttling is
C(pace)'s, and what botocore's retries meet (5xx, cut connections) is not among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Said:
    """Something that AWS says.

    Args:
        code: AWS's; empty where no answer came.
        operation: the only one that is meant, where others say the same of something else.
        words: a part of the message, in lower case, where the code is not enough.
    """

    code: str
    operation: str = ""
    words: str = ""

    def fits(self, facts: Mapping[str, Any]) -> bool:
        """Whether an error with these facts of C(AwsError) is it."""
        return (
            facts.get("aws_code") == self.code
            and self.operation in ("", facts.get("aws_operation"))
            and self.words in str(facts.get("aws_message", "")).lower()
        )


Table = Mapping[str, tuple[Said, ...]]

# It is busy with the same thing: asked again, it does it.
BUSY: Table = {
    "events": (Said("ConcurrentModificationException"),),
    "iam": (Said("ConcurrentModification"), Said("EntityTemporarilyUnmodifiable")),
    "sns": (Said("ConcurrentAccess"), Said("StaleTag")),
    "ssm": (
        Said("TooManyUpdates"),
        Said("InvalidDocumentOperation", "UpdateDocument"),
        Said("InvalidDocumentOperation", "UpdateDocumentDefaultVersion"),
    ),
}

# It does not see something that is there, or not yet in its new state.
# Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html (eventual consistency),
# https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency
UNSEEN: Table = {
    "events": (Said("ResourceNotFoundException"),),
    "iam": (Said("NoSuchEntity"),),
    "kms": (Said("NotFoundException"), Said("DisabledException"), Said("KMSInvalidStateException")),
    "sns": (Said("NotFound"), Said("ResourceNotFound")),
    "ssm": (Said("InvalidDocument"), Said("InvalidDocumentVersion"), Said("InvalidResourceId")),
}

# A policy names a principal that is not there, or so new that the service does not see it. What else is wrong with a
# policy stays wrong.
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html (a principal must
# exist); the words are those in which people report it, https://github.com/go-to-k/cdkd/issues/839 (SNS) for one.
PRINCIPAL: Table = {
    "iam": (Said("MalformedPolicyDocument", words="invalid principal"),),
    "kms": (Said("MalformedPolicyDocumentException", words="invalid principal"),),
    "sns": (Said("InvalidParameter", words="principalnotfound"),),
}

# It still sees what was let go: what is to be deleted is in use.
IN_USE: Table = {
    "events": (Said("ValidationException", "DeleteRule", "has targets"),),
    "iam": (
        Said("DeleteConflict", "DeleteInstanceProfile"),
        Said("DeleteConflict", "DeletePolicy"),
        Said("DeleteConflict", "DeleteRole"),
    ),
}

# It is otherwise than it was when we looked, or may be: somebody else was faster, or AWS has carried out a call whose
# answer was lost, which botocore has made again, or not, see C(clients). It helps to look again.
OVERTAKEN: Table = {
    "iam": (
        Said("EntityAlreadyExists"),
        Said("", "CreatePolicyVersion"),
        # A role is in the profile, and a profile holds one.
        Said("LimitExceeded", "AddRoleToInstanceProfile"),
        # There are more versions than there were, or another one is the default.
        Said("LimitExceeded", "CreatePolicyVersion"),
        Said("DeleteConflict", "DeletePolicyVersion"),
    ),
    "kms": (Said("AlreadyExistsException"), Said("", "CreateKey")),
    # AWS takes the creation of a topic that is there if it is just as wanted.
    "sns": (Said("InvalidParameter", "CreateTopic", "already exists"),),
    "ssm": (Said("DocumentAlreadyExists"), Said("DuplicateDocumentContent")),
}

# The account has no room for more.
QUOTA: Table = {
    "events": (Said("LimitExceededException"),),
    "iam": (Said("LimitExceeded"),),
    "kms": (Said("LimitExceededException"),),
    "sns": (Said("TopicLimitExceeded"), Said("TagLimitExceeded")),
    "ssm": (Said("DocumentLimitExceeded"), Said("DocumentVersionLimitExceeded")),
}


def says(facts: Mapping[str, Any], *tables: Table) -> bool:
    """Whether an error with these facts is in one of the tables; of several that are combined, whether all are."""
    rows = [said for table in tables for of_service in table.values() for said in of_service]
    return all(any(said.fits(failure) for said in rows) for failure in facts.get("failures") or [facts])
