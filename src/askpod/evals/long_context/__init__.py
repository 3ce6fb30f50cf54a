"""How long a prompt a model reads reliably: the same questions over growing haystacks.

The factors follow Gupta et al., "Systematic Evaluation of Long-Context LLMs on Financial Concepts"
(EMNLP 2024, industry track): length, difficulty, position, where the instruction stands and how
the text is formatted, judged by F1 with intervals and not by recall alone. The effective window
follows RULER (Hsieh et al., COLM 2024) and NoLiMa (Modarressi et al., ICML 2025).
"""
