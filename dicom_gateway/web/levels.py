"""The instances that an address names: of a study, a series, or one."""

from __future__ import annotations

from dataclasses import dataclass

from dicom_gateway.web.counter import Counter, checked, not_here
from fhirserver.access.principal import Principal
from fhirserver.instances import InstanceRow, StudyRow, Wanted


@dataclass(frozen=True, slots=True)
class Address:
    """A study, and a series and an instance of it where they are named."""

    study: str
    series: str | None = None
    instance: str | None = None

    @property
    def path(self) -> str:
        made = f"/studies/{self.study}"
        if self.series is not None:
            made += f"/series/{self.series}"
        return made if self.instance is None else f"{made}/instances/{self.instance}"


def address_of(instance: InstanceRow) -> Address:
    """The address of an instance."""
    return Address(instance.study.uid, instance.series.uid, instance.uid)


def named(
    counter: Counter, principal: Principal, address: Address
) -> tuple[StudyRow, list[InstanceRow]]:
    """The study and the instances. Raises NotFound where there are none, Forbidden, Invalid."""
    uids = [checked(u) for u in (address.series, address.instance) if u is not None]
    study = counter.study(principal, address.study)
    if address.instance is not None:
        found = counter.instances.instance(address.instance)
        there = [] if found is None else [found]
    else:
        there = counter.instances.instances(Wanted(studies=[study.uid], series=uids))
    there = [
        i
        for i in there
        if i.study.number == study.number and address.series in {None, i.series.uid}
    ]
    if not there:
        raise not_here()
    return study, there


def one(counter: Counter, principal: Principal, address: Address) -> tuple[StudyRow, InstanceRow]:
    """The study and its instance."""
    study, there = named(counter, principal, address)
    return study, there[0]
