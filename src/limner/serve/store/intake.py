"""Files become studies: read, grouped, kept by hash, and written into the tables, a study at a time.

A study's rows are one transaction, so that nobody sees half of what came together. Its bytes are on the disk before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from limner.serve import audit
from limner.serve.house import House
from limner.serve.store.blobs import Blob, Blobs
from limner.serve.store.reading import Given, Item, Refused, Rules, kind_of, read_item
from limner.serve.tables import Instance, Series, Study, User

_CHUNK = 500
"""Values of one IN."""


@dataclass(frozen=True)
class Sender:
    """Whose the studies become.

    Args:
        user_id: the owner.
        source: by which way they came: upload, stow, cstore, pacs, sample.
        shared: everyone may see new ones.
        singly: files come one by one, and the audit log hears of a study when it is new, not of each file.
    """

    user_id: str
    source: str = "upload"
    shared: bool = False
    singly: bool = False


@dataclass
class Outcome:
    """What became of files: ids of studies and series that hold them now, and what was refused.

    ``kept`` are the files that are there now, whether they are new or were there before.
    """

    studies: list[str] = field(default_factory=list)
    series: list[str] = field(default_factory=list)
    kept: list[Item] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def ingest(house: House, sender: Sender, files: Iterable[Given], rules: Rules | None = None) -> Outcome:
    """Takes files in. What cannot be taken is refused by file; the rest goes on.

    It takes its time: a request asks :class:`limner.serve.store.turns.Turns` to call it.

    Args:
        house: where to.
        sender: whose they become.
        files: they may be removed afterwards.
        rules: what is taken; anything that is read here if not given.

    Raises:
        OSError: the disk is full; studies that were whole before stay.
    """
    outcome = Outcome()
    for items in _by_study(files, rules or Rules(), outcome).values():
        _take(house, sender, items, outcome)
    tell(house, outcome.series)
    return outcome


def add_instances(db: Session, study: Study, files: Iterable[Given], blobs: Blobs) -> Outcome:
    """Adds DICOM files (a SEG, an SR of a drawing) to a study within the caller's transaction.

    Args:
        db: a transaction that may write.
        study: the study that the files name as theirs.
        files: DICOM of this study; they may be removed once the transaction is committed.
        blobs: the house's.
    """
    outcome = Outcome()
    rules = Rules(make_uids=False, dicom_only=True, study_uid=study.uid)
    for items in _by_study(files, rules, outcome).values():
        blobs.hold(db)
        _add(db, study, list(zip(items, _blobs(blobs, items), strict=True)), outcome)
    return outcome


def department(db: Session) -> User:
    """The user who owns what scanners send: made when it is first needed; nobody can log in as it."""
    from limner.serve.safety.access import DEPARTMENT

    user = db.scalars(select(User).where(User.name == DEPARTMENT)).first()
    if user is None:
        user = User(name=DEPARTMENT, display="Department", role="reader", password=None)
        db.add(user)
        db.flush()
    return user


def tell(house: House, series_ids: list[str]) -> None:
    """Has the volumes of series made that came or grew, so that they open at once."""
    if not series_ids:
        return
    with house.database.reading() as db:
        images = select(Instance.series_id).where(Instance.series_id.in_(series_ids), Instance.frames > 0)
        for one in db.scalars(images.distinct()):
            house.volumes.prepare(one)


def _by_study(files: Iterable[Given], rules: Rules, outcome: Outcome) -> dict[str, list[Item]]:
    studies: dict[str, list[Item]] = {}
    for given in files:
        read = read_item(given, rules)
        if isinstance(read, Refused):
            outcome.refused.append(read)
        else:
            studies.setdefault(read.header.study_uid, []).append(read)
    return studies


def _take(house: House, sender: Sender, items: list[Item], outcome: Outcome) -> None:
    with house.blobs.holding():
        pairs = list(zip(items, _blobs(house.blobs, items), strict=True))
        for last in (False, True):
            made = Outcome()
            try:
                with house.database.session() as db:
                    study = _study(db, sender, items[0])
                    before = study.instance_count
                    _add(db, study, pairs, made)
                    added = study.instance_count - before
                    if added and not (sender.singly and before):
                        details = {"instances": added, "source": sender.source}
                        audit.append(db, sender.user_id, "study.receive", study.id, **details)
                    made.studies.append(study.id)
                break
            except IntegrityError:  # another sender was first to make the same study: it is there now
                if last:
                    raise
    for name in ("studies", "series", "kept", "refused"):
        getattr(outcome, name).extend(getattr(made, name))


def _blobs(blobs: Blobs, items: list[Item]) -> list[Blob]:
    return blobs.take((item.given.path, item.ending) for item in items)


def _study(db: Session, sender: Sender, item: Item) -> Study:
    header = item.header
    of_owner = Study.owner_id == sender.user_id
    study = db.scalars(select(Study).where(of_owner, Study.uid == header.study_uid)).first()
    if study is None:
        study = Study(
            uid=header.study_uid, kind=item.kind, owner_id=sender.user_id, shared=sender.shared,
            patient_name=header.patient_name, patient_id=header.patient_id, birth_date=header.birth_date,
            sex=header.sex, date=header.date, description=header.description, accession=header.accession,
            source=sender.source, dicom=item.dicom, tags=header.study_tags, series_count=0, instance_count=0,
        )  # fmt: skip
        db.add(study)
        db.flush()
    return study


def _add(db: Session, study: Study, pairs: list[tuple[Item, Blob]], outcome: Outcome) -> None:
    """Writes the rows of files of one study; the same file twice is no news."""
    known = _known(db, study, [item.header.sop_uid for item, _ in pairs])
    series = {one.uid: one for one in db.scalars(select(Series).where(Series.study_id == study.id))}
    touched: dict[str, Series] = {}
    for item, blob in pairs:
        header = item.header
        if header.patient_id and study.patient_id and header.patient_id != study.patient_id:
            reason = "Its study has the UID of a study of another patient: nothing of two patients is put together."
            outcome.refused.append(Refused(item.given.name, reason, header.sop_class, header.sop_uid))
            continue
        if known.get(header.sop_uid, blob.sha256) != blob.sha256:
            reason = "Another file with the same SOP Instance UID and other content is there already; that one stays."
            outcome.refused.append(Refused(item.given.name, reason, header.sop_class, header.sop_uid))
            continue
        outcome.kept.append(item)
        if header.sop_uid in known:
            continue
        known[header.sop_uid] = blob.sha256
        home = series.get(header.series_uid)
        if home is None:
            home = series[header.series_uid] = _series(study, item)
            db.add(home)
            db.flush()
        home.geometry = None  # of fewer slices, if there was one
        touched[home.id] = home
        db.add(_instance(home, item, blob))
    db.flush()
    count_again(db, study, touched)
    outcome.series += list(touched)


def _known(db: Session, study: Study, uids: list[str]) -> dict[str, str]:
    """SHA-256 of those instances that the study has already."""
    asked = select(Instance.uid, Instance.sha256).join(Series).where(Series.study_id == study.id)
    known: dict[str, str] = {}
    for at in range(0, len(uids), _CHUNK):
        for uid, sha256 in db.execute(asked.where(Instance.uid.in_(uids[at : at + _CHUNK]))):
            known[uid] = sha256
    return known


def _series(study: Study, item: Item) -> Series:
    header = item.header
    return Series(
        study_id=study.id, uid=header.series_uid, modality=header.modality, number=header.series_number,
        description=header.series_description, tags=header.series_tags,
    )  # fmt: skip


def _instance(series: Series, item: Item, blob: Blob) -> Instance:
    header = item.header
    return Instance(
        series_id=series.id, uid=header.sop_uid, sop_class=header.sop_class, number=header.number,
        frames=header.frames, transfer_syntax=header.transfer_syntax, sha256=blob.sha256, ending=blob.ending,
        bytes=blob.bytes, tags=header.instance_tags,
    )  # fmt: skip


def count_again(db: Session, study: Study, touched: Iterable[str]) -> None:
    """Keeps the sums that lists show, so that a list of studies asks one table."""
    for one in touched:
        counted = select(func.count()).where(Instance.series_id == one).scalar_subquery()
        db.execute(update(Series).where(Series.id == one).values(instance_count=counted))
    counts = db.execute(
        select(Series.modality, func.count(), func.sum(Series.instance_count))
        .where(Series.study_id == study.id)
        .group_by(Series.modality)
    ).all()
    study.modalities = sorted(modality for modality, _, _ in counts if modality)
    study.series_count = sum(series for _, series, _ in counts)
    study.instance_count = sum(int(instances) for _, _, instances in counts)
    if study.dicom:
        study.kind = kind_of(set(study.modalities))
    db.flush()
