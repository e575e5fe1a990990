"""PESQ (ITU-T P.862) through the ``pesq`` package."""

from __future__ import annotations

from importlib.metadata import version
from typing import ClassVar

from bench.domain import Identity
from bench.errors import MetricUndefined
from bench.metrics.base import SPEECH, Domain, Metric, Quantity, Signal, require_active

ADAPTER = "1"  # raise it when a change here can change a value

RATE = 16_000


class _Pesq(Metric):
    # From the package's smallest buffer to what its arrays of 50 utterances surely hold: two utterances are more than
    # 0.4 s apart. It writes past them without a check: values of 52 utterances in 21 s were wrong by 0.1 to 0.5
    # without a sign, and 26 s ended the process. How many it finds is known only to itself.
    domain = Domain(categories=SPEECH, sample_rate=RATE, minimum_s=0.25, maximum_s=20.0)
    mode: ClassVar[str]
    standard: ClassVar[str]

    def __init__(self) -> None:
        self.identity = Identity(f"pesq_{self.mode}", f"{ADAPTER} (pesq {version('pesq')})", self.standard)

    def score_channel(self, state: Signal, degraded: Signal, rate: int) -> dict[str, float]:
        import pesq

        # PESQ matches levels: without this gate it answers 4.64 for what is left of a near-silent signal.
        require_active(degraded, "the degraded signal")
        try:
            value = float(pesq.pesq(rate, state, degraded, self.mode))
        except pesq.PesqError as error:
            raise MetricUndefined(f"PESQ has no value: {_message(error)}.") from error
        (quantity,) = self.quantities
        if not quantity.low <= value <= quantity.high:  # NaN and the package's negative error codes
            raise MetricUndefined(f"PESQ has no value: the package returned {value}.")
        return {quantity.name: value}


class PesqWb(_Pesq):
    """Wide-band PESQ: ``pesq_wb``, MOS-LQO, 1 to 4.64, higher is better. Speech; 16 kHz; mean over channels.

    Raises:
        MetricUndefined: shorter than 0.25 s, longer than 20 s, either signal silent, or no utterance found.
    Blind spots:
        It was made for telephone speech and underrates generative codecs: on a published MUSHRA test of neural speech
        codecs (Stahl et al., IEEE Access 12, 2024) it correlated with the ratings at -0.09 over 84 files. It aligns in
        time and level, so it hears neither gain nor a constant delay (up to 250 ms moved it by 0.009 at most). Nothing
        above 8 kHz counts.
    Source:
        ITU-T P.862.2 (11/2007). The ``pesq`` package does not hold Corrigendum 2 (03/2018), which attenuates the
        input by 12 dB and raises values (by up to 1.0 on clips tried); published values are without it as well.
    """

    quantities = (Quantity("pesq_wb", "MOS-LQO", higher_is_better=True, low=0.999, high=4.644),)
    mode = "wb"
    standard = "P.862.2 without Corrigendum 2"


class PesqNb(_Pesq):
    """Narrow-band PESQ: ``pesq_nb``, MOS-LQO, 1 to 4.55, higher is better. Speech; 16 kHz; mean over channels.

    Raises:
        MetricUndefined: shorter than 0.25 s, longer than 20 s, either signal silent, or no utterance found.
    Blind spots:
        It was made for telephone speech and underrates generative codecs: on a published MUSHRA test of neural speech
        codecs (Stahl et al., IEEE Access 12, 2024) it correlated with the ratings at -0.01 over 84 files. It aligns in
        time and level, so it hears neither gain nor a constant delay (up to 250 ms moved it by 0.009 at most). Nothing
        above the telephone band counts.
    Source:
        ITU-T P.862 (02/2001) with the mapping of P.862.1 (11/2003). Values depend on the input rate (16 kHz here;
        8 kHz input differs by about 0.1).
    """

    quantities = (Quantity("pesq_nb", "MOS-LQO", higher_is_better=True, low=0.999, high=4.549),)
    mode = "nb"
    standard = "P.862.1, 16 kHz input"


def _message(error: BaseException) -> str:
    """The package raises with bytes as its message."""
    text = error.args[0] if error.args else type(error).__name__
    return text.decode() if isinstance(text, bytes) else str(text)
